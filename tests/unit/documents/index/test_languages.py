from __future__ import annotations

import pytest

from backend.documents.index.languages import language_of, languages_of

TEXTS = {
    "en": "The contract ends when either of the parties gives notice in writing.",
    "de": "Der Vertrag endet, wenn eine der beiden Parteien schriftlich kündigt.",
    "fr": "Le contrat prend fin lorsque l'une des parties le résilie par écrit.",
    "ru": "Договор прекращается, если одна из сторон письменно заявит об этом.",  # noqa: RUF001
    "zh": "任何一方以书面形式通知后,合同即告终止。",
    "ja": "いずれかの当事者が書面で通知した時に契約は終了します。",
    "ko": "당사자 중 한쪽이 서면으로 통지하면 계약은 종료됩니다.",
    "th": "สัญญาสิ้นสุดลงเมื่อฝ่ายใดฝ่ายหนึ่งแจ้งเป็นลายลักษณ์อักษร",
    "ar": "ينتهي العقد عندما يخطر أحد الطرفين الآخر كتابيا بذلك.",
    "el": "Η σύμβαση λήγει όταν ένα από τα μέρη ειδοποιήσει γραπτώς.",  # noqa: RUF001
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_tells_its_language(language):
    """By its script, or by how it is spelt."""
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "12 / 7", "id: 17; amount: 12.50", "\n\n"])
def test_a_text_that_does_not_tell_counts_as_english(text):
    """Short records have no language."""
    assert language_of(text) == "en"


def test_a_stretch_in_another_language_is_recognised():
    """Short texts follow what stands around them."""
    texts = [TEXTS["de"]] * 80 + [TEXTS["fr"]] * 80
    told = languages_of(texts, whole="de")
    assert (len(told), told[0], told[-1]) == (160, "de", "fr")
