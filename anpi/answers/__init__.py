"""The answer page and what is answered."""
