"""How Arabic dates and times look here: "25 نوفمبر 2026". The figures are 0 to 9, because addresses, sizes and times
stand beside each other; the decimal point goes with them. The clock has 24 hours, so that times can be compared.
"""

TIME_FORMAT = "H:i"
DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y، H:i"
SHORT_DATE_FORMAT = "j F Y"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
