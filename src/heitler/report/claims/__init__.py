"""Every headline number and figure of the paper, beside what its numbers imply and ours."""

from heitler.report.claims.assess import assess_claims
from heitler.report.claims.question import Claim

__all__ = ["Claim", "assess_claims"]
