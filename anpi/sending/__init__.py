"""How people are reached: mail, push, talk, SMS; and what comes back."""
