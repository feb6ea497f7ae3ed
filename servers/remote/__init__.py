"""VPS.org, and nothing of Django: the nine requests, how they travel, what they answer and how they fail."""
