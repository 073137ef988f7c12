"""The field's neural classifiers: can a network tell generated from true showers?"""
