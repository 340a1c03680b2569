"""``renraku drill``: a company of invented people is asked and answers, and the report is checked."""
