"""What the sections of a decision are called, in the formats and languages that are read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from kagura_git.services.adr.document import Document, Section
from kagura_git.services.adr.markdown import plain

_CALLED: Final[dict[str, str]] = {
    "context": "context|problem|problem statement|background|motivation|introduction|kontext"
    "|the issue|issue|issue statement|problem description|why|abstract|situation"
    "|contexto|contexte|kontekst|kontekst og problembeskrivelse|contesto"
    "|context and problem statement|context and problem|problem and context"
    "|context and background|background and context|goals and context|executive summary|summary"
    "|kontext und problemstellung|contexte et problematique|use case|use cases|problem to solve"
    "|контекст|проблема|コンテキスト|コンテクスト|背景|文脈|上下文|背景与问题|배경|맥락|컨텍스트|bakgrund"
    "|kontexte|kontekst i problem|context en probleemstelling"
    "|contexte et problème|contexte et énoncé du problème"
    "|contexto y problema|contexto e problema|contesto e problema",
    "drivers": "decision drivers|drivers|forces|goals|goals or decision drivers|requirements"
    "|constraints|assumptions|decision criteria|criteria|non goals|evaluation criteria"
    "|goals and constraints|decision driver|key requirements",
    "decision": "decision|decisions|decision outcome|the decision|outcome|resolution|solution"
    "|proposed decision|decision and rationale|solution or decision outcome|decision made"
    "|our decision|entscheidung|decisao|decisión|decision taken|besluttning|beslutning"
    "|decisión tomada|décision|decisão|entscheidungsergebnis|proposed solution|proposal"
    "|approach|chosen option|chosen solution|selected option|recommendation|decisione"
    "|решение|результат решения|決定|決定事項|决定|决策|決策|결정|결정 사항|decyzja|beslissing"
    "|besluit|beslut|decisión adoptada|résultat de la décision|résultat"
    "|esito della decisione|resultado de la decisión|resultado da decisão"
    "|决策结果|決定内容",
    "why": "rationale|justification|reasoning|argument|arguments|reasons|rationale and discussion"
    "|rationale & discussion|discussion|decision rationale|begründung|consideration|considerations"
    "|обоснование"
    "|причины"
    "|причины принятия решения|理由|根拠|検討|依据|근거|이유|uzasadnienie|motivering|motivazione"
    "|justificación|justificativa|argumentation",
    "options": "considered options|options|options considered|considered alternatives"
    "|alternative options|possible options|possible solutions|solutions considered|alternativer"
    "|options analysis|proposed options|opciones consideradas|opções consideradas"
    "|optionen|betrachtete optionen|alternatives and options|candidates|possibilities"
    "|рассмотренные варианты|варианты|検討した選択肢|選択肢|検討した案"
    "|备选方案|考虑的方案|考虑过的方案"
    "|候选方案|고려한 옵션|고려된 옵션|대안|선택지|rozważane opcje|opcje|overwogen opties"
    "|opties|övervägda alternativ|options envisagées|options considérées"
    "|opzioni considerate|overvejede muligheder|vurderte alternativer",
    "rejected": "alternatives|alternatives considered|rejected alternatives|other options"
    "|other options considered|rejected options|alternative approaches|discarded options"
    "|alternatives not chosen|rejected ideas|other alternatives|alternativen|alternativas"
    "|alternativas consideradas|alternative solutions|options not chosen|options rejected"
    "|alternative approaches considered|other considered options",
    "arguments": "pros and cons of the options|pros and cons|pros & cons|evaluation of options"
    "|option evaluation|comparison of the options|comparison|options comparison"
    "|pros and cons of the options evaluation of options|pros and cons of options",
    "impact": "consequences|consequence|implications|impact|impacts|results|konsequenzen"
    "|consecuencias|consequências|conséquences|consequenses|outcomes|effects|risks"
    "|consequences and risks|conclusion|trade offs|tradeoffs|konsekvenser|conseguenze"
    "|positive|negative|neutral|positive consequences|negative consequences"
    "|neutral consequences|benefits|drawbacks|risks and mitigations|advantages|disadvantages"
    "|последствия|結果|影響|帰結|后果|影响|결과|영향|konsekwencje|skutki|gevolgen|följder"
    "|auswirkungen|folgen|conseguenze e rischi",
    "checks": "confirmation|validation|compliance|verification",
    "status": "status|state|estado|statut|stato|decision status"
    "|статус|ステータス|状態|状态|狀態|상태|stav",
    "date": "date|datum|fecha|decision date|дата|日付|日期|날짜|dato",
    "deciders": "deciders|decision makers|approvers|decided by|participants|stakeholders",
    "authors": "author|authors|owner|owners|proposed by"
    "|auteur|auteurs|autor|autores|autoren|autore|autori|автор|авторы|作成者|作者"
    "|작성자|submitters|submitter",
    "tags": "tags|categories|labels|keywords",
    "changes": "changelog|change log|change history|history|revision history|revisions|updates",
    "links": "links|related|related decisions|related adrs|more information|references|notes"
    "|see also|further information|related documents|related decision records|related records"
    "|additional information|additional notes|further reading|resources|related work",
    "title": "title|titel",
}
_ROLES: Final = {
    name: role for role, names in _CALLED.items() for name in names.split("|")
}  # fmt: skip
NAMES: Final = frozenset(_ROLES)
# Names nobody has listed, by their telling part.
_LIKE: Final = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        ("arguments", r"^pros and cons\b"),
        (
            "rejected",
            r"\b(?:rejected|deferred|discarded|other)\b.*\b(?:alternatives?|options?|decisions?)\b"
            r"|^alternatives?\b.*\b(?:considered|rejected)\b",
        ),
        (
            "options",
            r"^(?:considered|possible|available) (?:\w+ )?(?:options?|solutions?|alternatives?)\b"
            r"|^(?:options?|approaches|solutions) (?:\w+ )?considered\b",
        ),
        ("impact", r"^consequences\b|^(?:\w+ ){0,2}consequences$"),
        ("decision", r"^decision outcome\b|^(?:the |our |final )?decision$"),
        ("context", r"^context (?:and|&)\b|^problem statement\b"),
    )
)
_NUMBER: Final = re.compile(r"^\s*(?:\d{1,3}(?:\.\d{1,3})*[.)]?\s+)?")


def normal(title: str) -> str:
    """Return a heading as it is looked up: lower case, no number, marks or `(optional)`."""
    text = _NUMBER.sub("", plain(title).lower())
    text = re.sub(r"\((?:optional|if any|[a-z]{1,3})\)|<[^>]{0,80}>|\{#[^}]{0,80}\}", " ", text)
    text = re.sub(r"[^\w&]+", " ", text).strip()
    return re.sub(r"\s+", " ", text)


@lru_cache(maxsize=4096)
def role(title: str) -> str:
    """Return what a section is by its heading; empty if that is not known."""
    name = normal(title)
    found = _ROLES.get(name)
    if found is None and "&" in name:
        found = _ROLES.get(name.replace("&", "and"))
    if found is None and name.startswith(("the ", "our ")):
        found = _ROLES.get(name.split(" ", 1)[1])
    if found is None:
        found = next((role for role, pattern in _LIKE if pattern.search(name)), None)
    return found or ""


def of(document: Document, wanted: str) -> list[Section]:
    """Return the sections of one role, without those that stand inside another one of them."""
    found: list[Section] = []
    inside: set[int] = set()
    for number, section in enumerate(document.sections):
        if role(section.title) == wanted and number not in inside:
            found.append(section)
            for later, below in enumerate(document.sections[number + 1 :], number + 1):
                if below.level <= section.level:
                    break
                inside.add(later)
    return found
