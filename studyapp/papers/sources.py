"""Which works a study uses: of methods, questions, networks, photos and statistics."""

from collections.abc import Mapping

from studyapp.paradigms import PARADIGMS as KINDS
from studyapp.sections.blocks import BlockSection
from studyapp.studies.definition.study import Definition

METHODS: Mapping[str, str] = {
    "grad_cam": "selvaraju2020", "counterfactual_grad_cam": "selvaraju2020",
    "guided_grad_cam": "selvaraju2020", "deconv_grad_cam": "selvaraju2020",
    "guided_backprop": "springenberg2014", "deconvnet": "zeiler2014", "occlusion": "zeiler2014",
    "xgrad_cam": "fu2020", "layer_cam": "jiang2021", "hires_cam": "draelos2020",
    "grad_cam_pp": "chattopadhay2018", "finer_cam": "zhang2025", "shapley_cam": "cai2025",
    "eigen_cam": "muhammad2020", "integrated_grad_cam": "sattarzadeh2021",
    "group_cam": "zhang2021", "gam": "barkan2021", "score_cam": "wang2020",
    "ablation_cam": "desai2020", "legrad": "bousselham2024", "generic_attention": "chefer2021",
    "gradient_attention": "barkan2022", "gradient": "simonyan2013", "smooth_grad": "smilkov2017",
    "integrated_gradients": "sundararajan2017", "lrp": "bach2015", "edges": "adebayo2018",
    "centre_prior": "adebayo2018", "random_weights": "adebayo2018", "other_image": "adebayo2018",
    "attention_rollout": "abnar2020",
}  # fmt: skip
PARADIGMS: Mapping[str, tuple[str, ...]] = {
    "trust": ("selvaraju2020",), "discrimination": ("selvaraju2020",), "agreement": ("kim2022",),
    "distinction": ("kim2022",), "meta_prediction": ("colin2022",),
    "comparison": ("bradley1952", "davidson1970"), "ranking": ("plackett1975", "luce1959"),
}  # fmt: skip
IN_TWO_STEPS, IN_ONE_STEP = "schemmer2023", "nguyen2021"
INSTRUMENTS: Mapping[str, str] = {
    "trust_in_automation": "jian2000", "explanation_satisfaction": "hoffman2018",
    "trust_in_explained_systems": "hoffman2018", "sus": "brooke1996", "nasa_tlx": "hart1988",
    "umux_lite": "lewis2013", "vas": "hayes1921",
}  # fmt: skip
# By how a network's name in the catalogue begins, the longest first
NETWORKS: Mapping[str, str] = {
    "alexnet": "krizhevsky2014", "vgg": "simonyan2014", "resnet": "he2016",
    "densenet": "huang2017", "efficientnet_b": "tan2019", "efficientnet_lite": "tan2019",
    "vit_": "dosovitskiy2020", "swin_b": "liu2021", "swin_s": "liu2021", "swin_t": "liu2021",
    "convnext": "liu2022", "mobilenet_v2": "sandler2018",
}  # fmt: skip
READERS: Mapping[str, str] = {
    "coco": "lin2014", "voc": "everingham2010", "imagenet": "russakovsky2015"
}  # fmt: skip


def network_source(builder: str) -> str:
    """The key of the work that introduced a network of the catalogue; empty where it is not known
    to be any."""
    return next((key for start, key in NETWORKS.items() if builder.startswith(start)), "")


def question_sources(definition: Definition, paradigm: str) -> tuple[str, ...]:
    """The keys of the works that introduced a study's questions of a paradigm."""
    if paradigm == "reliance":
        blocks = [one for one in definition.blocks if one.paradigm == paradigm]
        return tuple(dict.fromkeys(_reliance(block) for block in blocks))
    if paradigm == "questionnaire":
        names = [str(getattr(one, "instrument", "")) for one in definition.blocks]
        return tuple(dict.fromkeys(INSTRUMENTS[name] for name in names if name in INSTRUMENTS))
    return PARADIGMS.get(paradigm, ())


def _reliance(block: BlockSection) -> str:
    return IN_ONE_STEP if KINDS["reliance"].in_one_step(block) else IN_TWO_STEPS
