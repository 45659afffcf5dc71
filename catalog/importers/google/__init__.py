"""Google Merchant feeds: RSS 2.0 or Atom with the g: namespace, and tables of Merchant Center or Meta's catalogues.

Attribute names and forms as in Google's product data specification (support.google.com/merchants/answer/7052112).
"""

from catalog.importers.google.feed import read_google as read_google
