"""What the earth does: telegrams, whether they start a safety check, and why."""
