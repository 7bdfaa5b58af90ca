"""What the lines of a payslip are called in the employee's language."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "salary": ("Salary", "Μισθός", "שכר חודשי"),
    "christmas": ("Christmas bonus", "Δώρο Χριστουγέννων", "בונוס חג המולד"),
    "easter": ("Easter bonus", "Δώρο Πάσχα", "בונוס פסחא"),
    "holidays": ("Holiday allowance", "Επίδομα αδείας", "דמי חופשה"),
    "income-tax": ("Income tax", "Φόρος εισοδήματος", "מס הכנסה"),
    "efka": ("EFKA, employee", "ΕΦΚΑ εργαζομένου", "ביטוח לאומי (EFKA), עובד"),
    "efka-employer": ("EFKA, employer", "ΕΦΚΑ εργοδότη", "ביטוח לאומי (EFKA), מעסיק"),
    "national-insurance": ("National insurance", "Εθνική ασφάλιση", "ביטוח לאומי"),
    "national-insurance-employer": ("National insurance, employer", "Εθνική ασφάλιση εργοδότη", "ביטוח לאומי, מעסיק"),
    "health": ("Health insurance", "Ασφάλιση υγείας", "מס בריאות"),
    "pension": ("Pension", "Σύνταξη", "פנסיה"),
    "pension-employer": ("Pension, employer", "Σύνταξη, εργοδότης", "פנסיה, מעסיק"),
    "carried": ("Paid too much before", "Υπερβάλλουσα πληρωμή προηγουμένων", "תשלום יתר קודם"),
    "carried-on": ("Taken back in the next month", "Μεταφορά στον επόμενο μήνα", "יקוזז בחודש הבא"),
}
"""English, Greek, Hebrew."""
LANGUAGES = ("en", "el", "he")


def worded(code: str, language: str, month: str | None = None) -> str:
    """A line's name; of a difference also the month that it is for."""
    names = WORDS.get(code)
    name = code if names is None else names[LANGUAGES.index(language)]
    return name if month is None else f"{name} {month}"
