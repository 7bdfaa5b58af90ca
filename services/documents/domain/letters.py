"""Mail about documents: what it says, and what may become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

from services.documents.domain.filing import TITLES, Language, title_of

ADDRESS = (
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])$"
)
"""What a mailbox on the internet is called; names in other scripts are not taken, few servers pass them on."""
ADDRESS_CHARS_MAX = 254
LOCAL_CHARS_MAX = 64

Step = Literal["asked", "sending", "sent", "refused", "failed", "unclear", "bounced"]
OVER = frozenset({"sent", "refused", "bounced"})
"""Nothing more is tried after these, until somebody asks again for what was refused."""

CUT_OFF = "The attempt before was cut off; the mail may arrive twice, with one Message-ID."

POLICY = SMTP.clone(cte_type="7bit")

SUBJECT: Mapping[Language, tuple[str, str]] = {
    "en": ("{title}", "{title} from {seller}"),
    "el": ("{title}", "{title} από {seller}"),
    "he": ("{title}", "{title} מאת {seller}"),
}
"""Without and with the name of the company."""
TEXT: Mapping[Language, str] = {
    "en": "Dear Sir or Madam,\n\nplease find attached: {title}.\n\nKind regards\n{seller}\n",
    "el": "Αξιότιμοι κύριοι, αξιότιμες κυρίες,\n\nσας αποστέλλουμε συνημμένα: {title}.\n\nΜε εκτίμηση\n{seller}\n",
    "he": "שלום רב,\n\nמצורף: {title}.\n\nבברכה\n{seller}\n",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a mail is made of; the same letter gives the same bytes, however often it is tried."""

    message_id: str
    sender: str
    recipient: str
    language: Language
    at: datetime
    """When it was asked for."""
    document_class: str
    number: str | None
    title: str
    seller: str | None
    file_name: str
    media_type: str
    content: bytes

    @property
    def called(self) -> str:
        """What the document is called in the letter's language; a file is called as it was when it came in."""
        if self.document_class in TITLES and self.number is not None:
            return title_of(self.document_class, self.language, self.number)
        return self.title


def message_id_of(mail: object, sender: str) -> str:
    """The same for each attempt, so that a mail that arrives twice is seen to be one."""
    return f"<{mail}@{sender.rpartition('@')[2]}>"


def written(letter: Letter) -> bytes:
    """A letter as it goes over the wire."""
    message = EmailMessage(POLICY)
    named = {"title": letter.called, "seller": letter.seller or ""}
    subject = SUBJECT[letter.language][letter.seller is not None].format(**named)
    message["Subject"] = " ".join(subject.split())
    local, _, domain = letter.sender.rpartition("@")
    message["From"] = Address(" ".join((letter.seller or "").split()), local, domain)
    local, _, domain = letter.recipient.rpartition("@")
    message["To"] = Address("", local, domain)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = letter.message_id
    message["Content-Language"] = letter.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(TEXT[letter.language].format(**named), charset="utf-8", cte="quoted-printable")
    kind, _, subtype = letter.media_type.partition("/")
    if kind == "message":  # a mail that came in goes out as a file, whole
        kind, subtype = "application", "octet-stream"
    message.add_attachment(letter.content, maintype=kind, subtype=subtype, filename=letter.file_name)
    message.set_boundary(f"=_{letter.message_id.strip('<>').partition('@')[0]}")
    return message.as_bytes()


def steps_to(step: Step, detail: str, last: str) -> Sequence[tuple[Step, str]]:
    """What is written down when a mail goes on from its last step to another. One whose attempt was cut off may have
    arrived: that is said first, whatever comes then."""
    return (("unclear", CUT_OFF), (step, detail)) if last == "sending" else ((step, detail),)


def steps_before_sending(last: str) -> Sequence[tuple[Step, str]]:
    """What is written down before a mail is tried."""
    return () if last in OVER else steps_to("sending", "", last)


def is_given_up(asked_at: datetime, now: datetime, patience: timedelta) -> bool:
    """Whether a mail was put off for long enough."""
    return now - asked_at >= patience
