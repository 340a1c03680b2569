"""What administrators see of a safety check, live: totals, rows, who calls whom."""
