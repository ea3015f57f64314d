"""Text losses: image-grounded text generation of BLIP-2, and next-token loss of the report writer."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def next_token_loss(logit_BTK: Tensor, token_BT: Tensor, counted_BT: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy of each counted token given what stands before it.

    `logit_BTK[:, t]` scores the token at t + 1; `counted_BT` (bool) marks the tokens to be predicted. The token at 0 is
    never predicted.
    """
    target_BT = token_BT[:, 1:].masked_fill(~counted_BT[:, 1:], -100)
    return F.cross_entropy(logit_BTK[:, :-1].flatten(0, 1).float(), target_BT.flatten(), ignore_index=-100, label_smoothing=smoothing)
