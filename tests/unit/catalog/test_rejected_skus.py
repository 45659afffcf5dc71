"""What an import remembers of rejected rows, however long what they say is."""

from catalog.importers.report import ImportReport, SourceRow


def test_a_sku_that_no_product_can_have_is_not_remembered():
    report = ImportReport()
    for length in (100, 101, 1_000_000):
        report.reject(SourceRow(2, {"sku": "x" * length}), "too long")
    assert (report.rejected, report.rejected_unnamed, report.rejected_skus) == (3, 0, {"x" * 100})
    assert [len(rejection.sku) for rejection in report.rejections] == [100, 101, 200]
