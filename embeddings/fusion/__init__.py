"""Fusion: one vector for each product from what encoders said about its texts and its pictures. NumPy only."""

from embeddings.fusion.pipeline import FusedVectors, RawVectors, VectorPipeline

__all__ = ["FusedVectors", "RawVectors", "VectorPipeline"]
