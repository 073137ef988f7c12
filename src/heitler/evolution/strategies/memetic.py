"""The paper's strategy for a share of the budget; RMSprop goes on from its best.

What becomes of the rest of the budget is in `heitler.evolution.loop`.
"""

from heitler.evolution.strategies.one_plus_lambda import OnePlusLambda

STRATEGY = OnePlusLambda
