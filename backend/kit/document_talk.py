"""Recognises that a request speaks of documents of the user's own, in several languages.

Not for: deciding what follows from it.
"""

import re
from typing import Final, Literal

DocumentTalk = Literal["", "some", "own"]

_NOUN: Final = (
    r"(?:documents?|docs?|files?|reports?|pdfs?|contracts?|agreements?|polic(?:y|ies)|manuals?|handbooks?|guidelines?"
    r"|invoices?|spreadsheets?|leases?|attachments?|uploads?|transcripts?|minutes|memos?|papers?|notes|slides|proposals?"
    r"|specifications?|letters?|terms(?: and conditions)?|knowledge base|archives?|paperwork)"
)
_MIDDLE: Final = r"(?:[\w'-]{1,30} ){0,2}?"
# A text without any of these stems needs no closer look.
_MAYBE: Final = re.compile(
    r"docu|doku|docs|file|fichier|archiv|arquiv|ficheir|datei|report|rapport|relat[óo]r|relazion|bericht|informe|pdf"
    r"|contra[tc]|vertr[aä]g|agreement|vereinbarung|acc?ord|acuerdo|polic|pol[ií]t|manual|manuel|hand(?:bu|bo|lei)|guideline"
    r"|richtlinie|invoice|rechnung|fa[ct]{1,2}u|spreadsheet|lease|bail|attach|anhang|angehängt|beigefügt|upload|hochgeladen"
    r"|enclosed|allegat|transcript|minutes|protokoll|memo|paper|not[ea]s|notiz|slides|proposal|specif|letter|terms"
    r"|knowledge base|unterlage|beleid|bestand|verslag|overeenkomst|dossier|pièce"
    r"|документ|файл|договор|контракт|отч|сч[её]т|文件|文档|合同|报告|协议|手册|附件|文書|資料|ファイル|契約|報告|レポート|規程"
)
# Gaps are bounded, so that no text can make a search of them long.
_OWN: Final = re.compile(
    rf"\b(?:my|our) {_MIDDLE}{_NOUN}\b|\bthe {_MIDDLE}(?:uploaded|attached|enclosed) {_MIDDLE}{_NOUN}\b"
    rf"|\b{_NOUN}(?: that| which)? (?:i|we)(?:'ve| have)? (?:just )?(?:uploaded|attached|sent|shared|gave|provided)\b"
    r"|\b(?:uploaded|attached) (?:documents?|files?|pdfs?|reports?|contracts?)\b"
    r"|\bthe (?:uploaded|attached|enclosed) \w{3,30}\b"
    # German
    r"|\b(?:mein|unser|angehängt|hochgeladen|beigefügt)(?:e[rnms]?)? (?:[\w-]{1,30} ){0,2}?[\w-]{0,30}(?:dokument|datei|vertrag|verträge"
    r"|bericht|unterlage|handbuch|richtlinie|rechnung|anhang|vereinbarung|protokoll|notiz)\w{0,3}\b"
    # French
    r"|\b(?:mon|ma|mes|notre|nos) (?:[\w'’-]{1,30} ){0,1}?(?:documents?|fichiers?|contrats?|rapports?|factures?|manuels?|politiques?|notes"
    r"|accords?|bail)\b|\b(?:document|fichier|contrat|rapport|pièce|dossier)s? (?:joint|téléchargé|importé|ci-joint)e?s?\b"
    # Spanish, Portuguese
    r"|\b(?:mis?|nuestr[oa]s?|meus?|minhas?|noss[oa]s?) (?:[\w-]{1,30} ){0,1}?(?:documentos?|archivos?|arquivos?|ficheiros?|contratos?|informes?"
    r"|relatórios?|facturas?|faturas?|manual(?:es)?|políticas?|acuerdos?|acordos?|notas)\b"
    r"|\b(?:archivo|documento|informe|contrato|arquivo|ficheiro|relatório)s? (?:adjunt|subid|anexad|enviad|carregad)[oa]s?\b"
    # Italian, Dutch
    r"|\b(?:mi[oa]|miei|nostr[oaie]) (?:[\w-]{1,30} ){0,1}?(?:document[oi]|file|contratt[oi]|rapport[oi]|relazion[ei]|fattur[ae]|manual[ei]|accord[oi])\b"
    r"|\b(?:file|documento) (?:allegato|caricato)\b"
    r"|\b(?:mijn|onze?|bijgevoegde|geüploade) (?:[\w-]{1,30} ){0,1}?(?:documenten?|bestand(?:en)?|contract(?:en)?|rapport(?:en)?|verslag(?:en)?|beleid"
    r"|handleiding|factu(?:ur|ren)|overeenkomst)\b"
    # Russian, Chinese, Japanese
    r"|\b(?:мо(?:ём|ем|ей|их|й|я|и)|наш\w{0,3}|загруженн\w{2,3}|прикреплённ\w{2,3}|приложенн\w{2,3}) (?:\w{1,30} )?(?:документ|файл|договор|контракт|отч[её]т|сч[её]т)\w{0,3}\b"
    r"|(?:我的|我们的|上传的|附件|附上的)[^。？?，,]{0,8}(?:文件|文档|合同|报告|协议|手册|附件)|附件(?:里|中|的)"
    r"|(?:私の|我々の|弊社の|当社の|添付の?|アップロードした)[^。？?、]{0,8}(?:文書|資料|ファイル|契約書?|報告書|レポート|規程)"
)
_SOME: Final = re.compile(
    rf"\b(?:in|according to|per|from|based on|within|under|by|of|about) (?:the|this|these|that|those) {_MIDDLE}{_NOUN}\b"
    rf"|\b(?:the|this|these|that) {_MIDDLE}{_NOUN} (?:say|state|mention|require|specif|define|provide|stipulate|cover|allow|permit|recommend|conclude)"
    rf"|\b(?:summari[sz]e|sum up|summary of|search|check|go through|look (?:in|at|through)) (?:the|this|these|all) {_MIDDLE}{_NOUN}\b"
    r"|\b(?:sagt|steht|regelt|verlangt|besagt) (?:in )?(?:der|die|das|dem|dieser?) [\w-]{0,30}(?:dokument|datei|vertrag|bericht|handbuch|richtlinie|vereinbarung)\w{0,3}\b"
    r"|\b(?:dit|dice|diz|prévoit|establece|prevede|prevê|zegt|exige) (?:l[ea']|el|los|las|il|lo|o|os|as?|het|de|ce|cette|este|esta) ?(?:documento?|fichier|archivo|arquivo"
    r"|ficheiro|file|bestand|contrato?|contratto|contract|rapporto?|relazione|informe|relatório|manuel|manuale?|politi(?:que|ca)|política|acc?ordo?|acuerdo|beleid)\b"
    r"|\b(?:in|laut|gemäß|nach|aus|im|dem|zur?|fass\w{0,2}) (?:(?:de[mnrs]|das|die|diese[mnrs]?) )?[\w-]{0,30}(?:dokument(?:e|en|s)?|datei(?:en)?|vertrage?s?"
    r"|bericht(?:e?s)?|unterlagen|handbuchs?|richtlinien?|rechnung|anhang|vereinbarung|protokolls?)\b"
    r"|\b(?:dans|selon|d['’]après|d'apres|résume[rz]?) (?:l[ea]s?|l['’]|ce|cette|ces) ?(?:documents?|fichiers?|contrats?|rapports?|factures?|manuels?|politiques?|accords?|bail)\b"
    r"|\b(?:en|según|segundo|conforme|n[oa]|resum[eai]r?) (?:(?:el|las?|los|este|esta|o|as?|os) )?(?:documentos?|archivos?|arquivos?|ficheiros?|contratos?|informes?"
    r"|relatórios?|facturas?|faturas?|acuerdos?|acordos?)\b"
    r"|\b(?:nel(?:la|lo)?|secondo|dal(?:la)?|riassum\w{1,3}) (?:(?:il|la|lo|l['’]) ?)?(?:documento|file|contratto|rapporto|relazione|fattura|manuale|accordo)\b"
    r"|\b(?:in|volgens|uit) (?:het|de|dit|deze) (?:document(?:en)?|bestand|contract|rapport|verslag|beleid|handleiding|overeenkomst)\b"
    r"|\b(?:в|по|согласно|из) (?:\w{1,30} )?(?:документ|файл|договор|контракт|отч[её]т)\w{0,3}\b"
    r"|(?:合同|文件|文档|报告|协议|手册)(?:里|中|上|内|说|规定)|(?:根据|按照|总结|概括)[^。？?，,]{0,8}(?:合同|文件|文档|报告|协议)"
    r"|(?:文書|資料|ファイル|契約書?|報告書|レポート|規程)(?:に|で|の中|によると|によれば|を要約)"
)


def document_talk(lower: str) -> DocumentTalk:
    """Say whether lower-cased text speaks of one's own documents, of some document, or of none."""
    if _MAYBE.search(lower) is None:
        return ""
    if _OWN.search(lower):
        return "own"
    return "some" if _SOME.search(lower) else ""
