"""Chinese: Django groups digits by nothing at all, and 1234567 is read by counting them."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
