"""What the Grad-CAM paper printed, to be drawn beside a study that asks the same of a method.

Source: Selvaraju et al., Grad-CAM, arXiv 1610.02391v4, sections 5.1 (class discrimination) and 5.2
(trust). The shares of right answers are exactly 432, 360, 489 and 496 of 810. It printed no
interval.
"""

from collections.abc import Mapping

PAPER = "Grad-CAM paper (other networks and photos)"
PUBLISHED: Mapping[str, Mapping[str, float]] = {
    "discrimination": {
        "deconvnet": 432 / 810,
        "guided_backprop": 360 / 810,
        "deconv_grad_cam": 489 / 810,
        "guided_grad_cam": 496 / 810,
    },
    "trust": {"guided_backprop": 1.00, "guided_grad_cam": 1.27},
}
