#!/usr/bin/env python3
"""Writes what Piper itself makes of sentences, for tts-service/tests/phonemes.rs to compare with.

    python3 -m venv /tmp/piper && /tmp/piper/bin/pip install piper-tts==1.8.0
    /tmp/piper/bin/python tests/python/phoneme_ids.py > tts-service/tests/fixtures/phoneme_ids.json

Ids are those of Piper's default map, the one that nearly all voices have. Arabic is compared
without the vowel marks that Piper's Arabic voices add with a model of their own.
"""

import json

from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP, phonemes_to_ids
from piper.phonemize_espeak import EspeakPhonemizer

ENGLISH = [
    # plain
    "Hello world.",
    "The quick brown fox jumps over the lazy dog",
    "Two sentences. Here is the second one.",
    "This is a test, of the voice; and it works: really!",
    "Is it? Yes! Good.",
    "What?! No... really?",
    "Wait; what: yes, no.",
    "ALL CAPS SENTENCE HERE.",
    "a",
    # numbers, dates, money, units
    "It costs $3.50, or €20, or £1,000,000.99.",
    "The date is 2026-11-21, or 11/21/2026, or Nov. 21st, 2026.",
    "1st, 2nd, 3rd, 4th, 100th.",
    "3.14159 and -42 and 1e10.",
    "10:30 a.m. to 5:45 p.m.",
    "50% of 1/2 is 1/4.",
    "Call +1 (555) 123-4567.",
    "Temp is 25°C or 77°F.",
    "1,234,567",
    "12-year-old",
    "MMXXVI",
    "Version 1.2.3-beta.4",
    "x = y + z * 2",
    # abbreviations
    "Dr. Smith and Mrs. Jones live on St. James St.",
    "NASA and the FBI, U.S.A.",
    "e.g. this, i.e. that, etc.",
    "AT&T, R&D, #1, @home",
    "C++ and C#",
    "Mr. O'Neill's can't won't shouldn't've.",
    # quotes, dashes, brackets
    'He said, "Hello there!" and left.',
    "‘Single’ and “double” quotes.",
    "A dash—an em dash – and a hyphen-ated word.",
    "Brackets (like this), [like this], {and this}.",
    "Hi (there). Ok.",
    "(555)",
    "**bold** and _italic_ and `code`",
    "<b>tags</b> and <speak>such</speak> & so on.",
    # addresses
    "Visit https://example.com/path?x=1&y=2 now.",
    "Mail me: john.doe@example.org.",
    # other letters and signs
    "Café naïve résumé Zürich façade.",
    "Cafe\u0301 with a combining accent.",
    "Привет, мир!",
    "你好，世界。",
    "こんにちは。",
    "مرحبا بالعالم",
    "I love 🍕 and 😀!",
    "👨‍👩‍👧‍👦",
    # lines and spaces
    "",
    "   ",
    "\n\n",
    "!",
    "...",
    "Line one\nLine two",
    "Para one.\n\nPara two.",
    "# Heading\n* item one\n* item two",
    "Hello\tworld\u00a0again",
    "A soft\u00adhyphen, a zero\u200bwidth space.",
    # long
    ("This is a rather long text, with several clauses; it goes on and on. " * 80)[:5000],
    "word " * 1000,
    "supercalifragilistic" * 40,
]

OTHERS = {
    "de": [
        "Guten Tag, wie geht es Ihnen? Das Wetter in München ist schön.",
        "Am 3. Oktober 1990 kostete es 12,50 €; das war z.B. billig.",
        "Das Meeting mit dem Download-Manager war super.",
    ],
    "fr": [
        "Bonjour, où est la bibliothèque ? C'est à côté !",
        "Il est 14 h 30 ; l'œuvre coûte 1 234,56 €.",
    ],
    "es": ["¿Dónde está la niña? ¡Aquí! Cuesta 3,50 euros.", "El pingüino comió jalapeños."],
    "it": ["Perché no? È già mezzogiorno, andiamo a mangiare gli gnocchi.", "Sono le 15:45."],
    "ru": ["Привет, мир! Как дела? Сегодня 21 ноября 2026 года.", "Windows и Linux."],
    "cmn": ["你好，世界。今天天气很好！你好吗？", "我有3个苹果；谢谢。"],
    "ar": ["مرحبا بالعالم، كيف حالك؟", "اليوم 21 نوفمبر."],
    "hi": ["नमस्ते दुनिया। आप कैसे हैं?", "मेरे पास 3 सेब हैं।"],
}


def main() -> None:
    phonemizer = EspeakPhonemizer()
    cases = []
    for voice, texts in [("en-us", ENGLISH), *OTHERS.items()]:
        for text in texts:
            # An empty sentence at the end is not spoken.
            sentences = [it for it in phonemizer.phonemize(voice, text) if it]
            ids = [phonemes_to_ids(it) for it in sentences]
            cases.append({"voice": voice, "text": text, "ids": ids})
    rows = ",\n".join(json.dumps(it, ensure_ascii=False, separators=(",", ":")) for it in cases)
    ids = json.dumps(DEFAULT_PHONEME_ID_MAP, ensure_ascii=False, separators=(",", ":"))
    print(f'{{"phoneme_id_map":{ids},\n"cases":[\n{rows}\n]}}')


main()
