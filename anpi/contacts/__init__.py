"""安否の連絡先: the addresses that people enter for themselves."""
