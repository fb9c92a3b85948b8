"""Usage, and logins of analysts."""
