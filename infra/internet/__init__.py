"""Searches on the internet: one file a vendor, behind `application.ports.InternetSearch`."""
