"""How Spanish dates and times look here: "25 nov 2026", "25 de noviembre de 2026, 14:02"."""

TIME_FORMAT = "H:i"
DATE_FORMAT = r"j \d\e F \d\e Y"
DATETIME_FORMAT = r"j \d\e F \d\e Y, H:i"
SHORT_DATE_FORMAT = "j b Y"
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
