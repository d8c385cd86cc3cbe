"""Words for a decision's status in languages other than English, in every gender used."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from kagura_git.model.records import Status

# A line a language: German, French, Spanish, Portuguese, Italian, Dutch, Polish, Swedish,
# Danish and Norwegian, Finnish and Czech, Russian, Ukrainian, Turkish, Japanese, Chinese, Korean.
MEANS: Final[dict[Status, str]] = {
    "proposed": "entwurf|in prüfung|in diskussion|in bearbeitung|offen|ausstehend"
    "|proposé|proposée|brouillon|en discussion|en cours|en attente|à l'étude"
    "|propuesta|borrador|en discusión|en revisión|pendiente"
    "|proposta|rascunho|em discussão|em análise|em revisão"
    "|bozza|in discussione|in revisione|in attesa"
    "|voorgesteld|voorstel|concept|in behandeling|in bespreking"
    "|zaproponowany|zaproponowana|zaproponowane|zaproponowano|proponowany|proponowana"
    "|proponowane|propozycja|szkic|w trakcie|do decyzji"
    "|föreslagen|föreslaget|förslag|utkast|under diskussion"
    "|foreslået|foreslått|forslag|udkast|til diskusjon"
    "|ehdotettu|luonnos|navrženo|návrh"
    "|предложено|предложен|предложена|черновик|проект|на рассмотрении|в обсуждении|обсуждается"
    "|запропоновано|чернетка"
    "|önerildi|taslak"
    "|提案|提案中|提案済み|検討中|審議中|草案|下書き|ドラフト|未承認|未決定|未定|レビュー中"
    "|提议|提议中|已提议|已提出|待定|讨论中|評估中|评估中|草稿|待审核|待批准|未接受|未批准|未通过"
    "|제안|제안됨|제안 중|초안|검토 중|검토중|논의 중|논의중|보류|미승인",
    "accepted": "angenommen|genehmigt|beschlossen|entschieden|umgesetzt|gültig|bestätigt"
    "|accepté|acceptée|approuvé|approuvée|validé|validée|adopté|adoptée|retenu|retenue|en vigueur"
    "|aceptada|aprobado|aprobada|adoptado|adoptada|vigente|decidido|implementado"
    "|aceita|aceite|aprovado|aprovada|adotado|adotada|em vigor"
    "|accettato|accettata|approvato|approvata|adottato|adottata|in vigore"
    "|geaccepteerd|aanvaard|goedgekeurd|aangenomen|besloten|vastgesteld"
    "|zaakceptowany|zaakceptowana|zaakceptowane|zaakceptowano|przyjęty|przyjęta|przyjęte|przyjęto"
    "|zatwierdzony|zatwierdzona|zatwierdzone|zatwierdzono|obowiązujący"
    "|accepterad|accepterat|godkänd|godkänt|antagen|antaget|beslutad|beslutat"
    "|accepteret|akseptert|godkendt|godkjent|vedtaget|vedtatt|besluttet"
    "|hyväksytty|přijato|schváleno"
    "|принято|принят|принята|одобрено|одобрен|одобрена|утверждено|утвержден|утверждена"
    "|прийнято|затверджено"
    "|kabul edildi|onaylandı"
    "|承認|承認済み|承認済|採用|採用済み|採択|決定|決定済み|受理|承諾|確定|合意済み"
    "|接受|已接受|批准|已批准|采纳|已采纳|採納|已採納|已采用|已採用|通过|已通过|已通過|已决定|已決定|已确认"
    "|승인|승인됨|수락|수락됨|채택|채택됨|확정|확정됨|결정됨|합의됨",
    "rejected": "verworfen|zurückgezogen|zurückgewiesen|nicht angenommen"
    "|rejeté|rejetée|refusé|refusée|abandonné|abandonnée|écarté|retiré"
    "|rechazada|descartado|descartada|abandonado"
    "|rejeitada|recusado|recusada|descartada|cancelado"
    "|rifiutato|rifiutata|respinto|respinta|scartato|scartata|ritirato"
    "|afgewezen|verworpen|geweigerd|ingetrokken"
    "|odrzucony|odrzucona|odrzucone|odrzucono|wycofany|wycofane"
    "|avslagen|avslaget|förkastad|förkastat|avvisad|avvisat"
    "|afvist|avvist|forkastet|avslått"
    "|hylätty|zamítnuto"
    "|отклонено|отклонен|отклонена|отвергнуто|отвергнут|отозвано|не принято|відхилено"
    "|reddedildi"
    "|却下|拒否|不採用|不承認|取り下げ|破棄"
    "|拒绝|已拒绝|否决|已否决|驳回|已驳回|拒絕|已拒絕|否決|已否決|撤回|已撤回|不接受|不通过|不采纳"
    "|거부|거부됨|거절|거절됨|반려|반려됨|기각|기각됨|철회|철회됨",
    "superseded": "abgelöst|überholt|veraltet|aufgehoben|nicht mehr gültig"
    "|remplacé|remplacée|obsolète|déprécié|dépréciée|supplanté|périmé|caduc"
    "|reemplazado|reemplazada|sustituido|sustituida|obsoleto|obsoleta|deprecado|derogado"
    "|substituído|substituída|descontinuado|depreciado"
    "|sostituito|sostituita|superato|superata|deprecato|deprecata"
    "|vervangen|verouderd|achterhaald|vervallen"
    "|zastąpiony|zastąpiona|zastąpione|zastąpiono|przestarzały|przestarzałe|nieaktualny|nieaktualne"
    "|ersatt|föråldrad|föråldrat|utgången|upphävd"
    "|erstattet|forældet|foreldet|udgået|utgått"
    "|korvattu|vanhentunut|nahrazeno|zastaralé"
    "|заменено|заменен|заменена|устарело|устарел|устарела|замещено|замещен|замещена|отменено|замінено|застаріло"
    "|değiştirildi|kullanımdan kaldırıldı"
    "|置換|置換済み|置き換え|廃止|廃止済み|廃止予定|非推奨|失効|無効|上書き|取って代わられた|差し替え"
    "|取代|已取代|被取代|替代|已替代|被替代|替换|已替换|废弃|已废弃|弃用|已弃用|过时|已过时|廢棄|已廢棄|作废|已作废|失效|已失效"
    "|대체|대체됨|폐기|폐기됨|만료|만료됨|더 이상 사용되지 않음|사용 중단",
}
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def folded(text: str) -> str:
    """Return a text as it is looked up: lower case, without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in apart if unicodedata.category(sign) != "Mn")
    return unicodedata.normalize("NFC", bare)


def is_unspaced(word: str) -> bool:
    """Return whether a word is of a script that sets no blanks between words."""
    return _UNSPACED.search(word) is not None
