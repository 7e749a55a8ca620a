"""Answers greetings, thanks and questions about itself, in the language they came in."""

from __future__ import annotations

import re
from typing import Final

WHAT_I_AM: Final = (
    "I am the built-in model: no language model is connected. I can calculate, look things up and quote your documents; "
    "connect one with Ollama: `ollama serve`, then `ollama pull llama3.2`."
)
_HOW_TO_ASK: Final = (
    "Ask me to calculate something, to look something up, or about a text you paste here."
)
_GREETINGS: Final = (
    (r"hi|hello|hey|good (?:morning|afternoon|evening)|greetings|howdy|hi there|hello there", "Hello! How can I help you?"),
    (r"hola|buenos días|buenas tardes|buenas noches|buenas", "¡Hola! ¿En qué puedo ayudarte?"),
    (r"bonjour|salut|bonsoir|coucou", "Bonjour ! Comment puis-je vous aider ?"),
    (r"hallo|guten (?:tag|morgen|abend)|moin|servus|grüß gott|grüezi", "Hallo! Wie kann ich helfen?"),
    (r"ciao|buongiorno|buonasera|salve", "Ciao! Come posso aiutarti?"),
    (r"olá|oi|bom dia|boa tarde|boa noite", "Olá! Como posso ajudar?"),
    (r"hoi|goedemorgen|goedemiddag|goedenavond|goedendag", "Hallo! Waarmee kan ik helpen?"),
    (r"cześć|dzień dobry|dobry wieczór|witaj", "Cześć! W czym mogę pomóc?"),
    (r"привет|здравствуйте|здравствуй|добрый (?:день|вечер)|доброе утро", "Здравствуйте! Чем могу помочь?"),
    (r"merhaba|selam|günaydın|iyi akşamlar", "Merhaba! Nasıl yardımcı olabilirim?"),
    (r"你好|您好|早上好|大家好|嗨", "你好！有什么可以帮您？"),
    (r"こんにちは|こんばんは|おはよう(?:ございます)?|やあ", "こんにちは！ご用件は何でしょうか？"),
    (r"안녕(?:하세요|하십니까)?", "안녕하세요! 무엇을 도와드릴까요?"),
    (r"مرحبا|مرحبًا|السلام عليكم|أهلا|أهلاً", "مرحبًا! كيف يمكنني مساعدتك؟"),
    (r"नमस्ते|नमस्कार|हैलो", "नमस्ते! मैं आपकी क्या मदद कर सकता हूँ?"),
    (r"привіт|добрий день|доброго ранку", "Привіт! Чим можу допомогти?"),
    (r"hej|god morgon|tjena|hejsan", "Hej! Hur kan jag hjälpa till?"),
)  # fmt: skip
_THANKS: Final = (
    (r"thanks|thank you|thx|cheers|many thanks|thanks a lot|thank you (?:very|so) much|great,? thanks", "You are welcome!"),
    (r"gracias|muchas gracias", "¡De nada!"),
    (r"merci|merci beaucoup", "De rien !"),
    (r"danke|vielen dank|danke schön|danke sehr", "Gern geschehen!"),
    (r"grazie|grazie mille", "Prego!"),
    (r"obrigado|obrigada|muito obrigado|muito obrigada", "De nada!"),
    (r"bedankt|dank je|dank je wel|dank u", "Graag gedaan!"),
    (r"dziękuję|dzięki", "Proszę bardzo!"),
    (r"спасибо|большое спасибо", "Пожалуйста!"),
    (r"teşekkürler|teşekkür ederim|sağ ol", "Rica ederim!"),
    (r"谢谢|多谢|謝謝", "不客气！"),
    (r"ありがとう(?:ございます)?", "どういたしまして！"),
    (r"감사합니다|고마워(?:요)?", "천만에요!"),
    (r"شكرا|شكرًا|شكراً", "عفوًا!"),
    (r"धन्यवाद|शुक्रिया", "आपका स्वागत है!"),
)  # fmt: skip
_OTHERS: Final = (
    (r"bye|goodbye|good ?bye|see you(?: later)?|good night|farewell", "Goodbye!"),
    (r"how are you(?: doing)?(?: today)?|how do you do|how's it going|what's up", f"All is well here. {_HOW_TO_ASK}"),
    (r"ping", "pong"),
    (r"yes|no|ok|okay|sure|great|cool|nice|perfect|alright|good|fine|got it|i see", f"All right. {_HOW_TO_ASK}"),
)  # fmt: skip
_WHO_ARE_YOU = re.compile(
    r"\b(?:who|what) (?:exactly )?are you\b|\bwhat(?:'s| is) your (?:name|model|purpose)\b|\bwhat (?:can|do) you do\b"
    r"|\b(?:which|what) (?:language )?model (?:are you|is this|do you use)\b|\bare you (?:a |an )?(?:human|robot|bot|ai|chatgpt"
    r"|gpt|real|llm|language model)\b|\bintroduce yourself\b|\btell me about yourself\b|\bwhat are your (?:abilities|capabilities)\b"
    r"|\bhow can you help\b|\bwer bist du\b|\bqui es-tu\b|\bquién eres\b|\bchi sei\b|\bquem é você\b|\bwie heißt du\b"
    r"|^help$|^can you help(?: me)?$|\b(?:what|which) tools\b.{0,20}\byou\b|^how do you work$|\b你是谁\b",
    re.IGNORECASE,
)
_TABLES: Final = tuple(
    (re.compile(rf"(?:{pattern})", re.IGNORECASE), reply)
    for pattern, reply in (*_GREETINGS, *_THANKS, *_OTHERS)
)
_ADDRESSED = re.compile(
    r"[\s,]+(?:there|steward|everyone|all|again|friend|a lot|so much|very much)$", re.IGNORECASE
)


def small_talk(text: str) -> str | None:
    """Answer a message that is nothing but small talk; None for any other."""
    bare = text.strip()[:120].strip(" .!?¡¿,…！。？،\n\t")
    if len(text.strip()) > 120 or not bare:
        return None
    if _WHO_ARE_YOU.search(bare):
        return WHAT_I_AM
    bare = _ADDRESSED.sub("", bare)
    pieces = [piece.strip() for piece in re.split(r"[.,!?！，。、]+", bare) if piece.strip()]
    replies = [
        next((reply for pattern, reply in _TABLES if pattern.fullmatch(piece)), None)
        for piece in pieces
    ]
    said = [reply for reply in replies if reply]
    return said[-1] if said and len(said) == len(replies) else None
