"""Every headline number and figure of the paper, beside what its numbers imply and ours."""
