"""Open text, analysed: answers are coded at the desk; a table of texts counts words."""

from studyapp.paradigms.analysis import Analysis, InputSchema
from studyapp.paradigms.measures import unscored

ANALYSIS = Analysis(
    measure=unscored,
    schemas={
        "open_text": InputSchema(
            needed={"text": ()},
            outcome=lambda frame: frame["text"].map(lambda text: len(str(text).split())),
            is_share=False,
        )
    },
)
