"""Words by which a question goes on from what was said before. Data, folded as tokens are."""

from __future__ import annotations

POINTING: dict[str, tuple[str, ...]] = {
    "en": ("it", "its", "this", "that", "these", "those", "them", "they", "their", "one", "ones"),
    "de": ("es", "er", "ihn", "ihm", "dieser", "diese", "dieses", "diesen", "diesem", "davon", "dafur", "damit", "daran", "darin"),
    "fr": ("il", "elle", "ils", "elles", "ca", "cela", "celui", "celle", "ceux", "celles"),
    "es": ("eso", "esto", "ese", "esa", "esos", "esas", "este", "estos", "ello", "lo"),
    "it": ("questo", "questa", "questi", "queste", "quello", "quella", "quelli", "quelle", "esso", "essa", "ne"),
    "pt": ("isso", "isto", "esse", "essa", "este", "estes", "ele", "ela", "eles", "elas"),
    "nl": ("deze", "dit", "die", "dat", "hij", "ervan", "ermee", "erin", "erbij"),
    "pl": ("to", "ten", "ta", "tego", "tym", "go", "niego", "nim", "nia", "on", "ona", "ono"),
    "tr": ("bu", "bunu", "bunun", "bunlar", "onu", "onun", "onlar", "sunu", "o"),
    "ru": ("это", "этот", "эта", "эти", "этого", "он", "она", "оно", "они", "его", "ее", "их"),
    "ar": ("هذا", "هذه", "ذلك", "تلك", "هو", "هي"),
}  # fmt: skip
"""What stands for something that was named. Left out are words that mean something else more often, as the German "das" and "Sie"."""

BEGINNING: dict[str, tuple[str, ...]] = {
    "en": ("and", "also", "or", "what about", "how about"), "de": ("und", "oder", "auch", "was ist mit", "wie ist es mit"),
    "fr": ("et", "ou"), "es": ("y", "o", "que tal"), "it": ("e", "o", "oppure"), "pt": ("e", "ou"), "nl": ("en", "of", "hoe zit het met"),
    "pl": ("a", "i", "albo"), "tr": ("ve", "peki", "ya"), "ru": ("а", "и", "или"), "ar": ("و", "وماذا", "وكم"),
}  # fmt: skip
"""How it begins."""
