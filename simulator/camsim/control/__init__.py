"""The control API as types: what may be asked, what is answered, and under which route. Pure values."""
