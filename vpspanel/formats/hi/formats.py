"""How Hindi dates and times look here: "25 नवंबर 2026". The clock has 24 hours, for Django's Hindi says the same word
for a.m. and p.m.; the months are not shortened, for its short ones are unusual.
"""

TIME_FORMAT = "H:i"
DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
SHORT_DATE_FORMAT = "j F Y"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
