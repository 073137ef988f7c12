"""Results that are kept between runs: what decides them, and what becomes of those that do not fit.

Nothing here deletes what a user may want: it is moved aside, with a sentence that says why and how
to go on from it.
"""
