"""How Tamil dates and times look here: "25 நவ 2026". The clock has 24 hours, for Django has no Tamil a.m. and p.m."""

TIME_FORMAT = "H:i"
DATE_FORMAT = "j F, Y"
DATETIME_FORMAT = "j F, Y, H:i"
SHORT_DATE_FORMAT = "j M Y"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
