"""Studies in DICOM files as cases of the catalogue, with nothing left in them of whom they are of.

Reading them takes requirements-dicom.txt. Nothing but `import_dicom` imports this room: no web process, no worker.
Three things stand between a file and the catalogue, each of which would do for most files. Every data set goes through
dicognito, which replaces names, numbers, dates and identifiers (`cleaning.py`); of what is left only what a short list
names is read; and no text is kept in which anything is found that the file's own header gave away (`report_texts.py`).
What none of them can clean, such as letters in the picture itself, is refused.
"""
