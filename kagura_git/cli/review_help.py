"""What each rule of a review is about, for those who meet it in code scanning."""

from __future__ import annotations

from typing import Final

# A rule that is not named here is explained by its own sentence.
HELP: Final = {
    "invalid": (
        "The file is no record that kagura-git can read, so nothing of it is found, shown or "
        "merged. The message says what is wrong in which line; "
        "`git kagura doctor` checks all records."
    ),
    "secret": (
        "Something in the record looks like a password, a token or a key. Take it out of the "
        "record and change it where it is in use: whoever can read the branch has seen it."
    ),
    "edited-accepted": (
        "What was agreed on should stay readable. Record a new decision with "
        "`git kagura decision add ... --supersedes ID`, and leave the old one as it was."
    ),
    "deleted": (
        "A decision that no longer holds is superseded, not deleted: "
        "`git kagura decision supersede ID --by ID` keeps why it once held."
    ),
    "conflict": (
        "Two branches wrote different texts into one field, and the merge kept both under "
        "`conflicts:` in the record. Write what is right, and remove the entry."
    ),
    "merge-conflict": (
        "This change and the base edit the same field of a record. The merge will go through "
        "and keep both texts; agree on one of them before."
    ),
    "duplicate": (
        "Two decisions say nearly the same. If they are one, `git kagura decision merge A B` "
        "joins them."
    ),
    "broken-link": (
        "A related file of the decision is not there, so the decision governs nothing by it. "
        "Correct `related_files` in the record."
    ),
    "history": (
        "The clone is too shallow: where base and head parted is not known, and changes of the "
        "base show as changes of the head. Fetch more history, such as with "
        "`git fetch --deepen=100`."
    ),
    "governed": (
        "An accepted decision names files that this change touches, or a commit that carried it "
        "out did. `git kagura show ID` prints it: check that it still holds."
    ),
    "unexplained": (
        "Nobody recorded why these files change. "
        "`git kagura change add PATH --action edit --reason TEXT` before the commit does."
    ),
    "no-alternatives": (
        "A decision says more if it tells what else was considered and why that was not taken: "
        "`git kagura decision add ... --alternative TEXT`."
    ),
    "recurring": (
        "An error that nobody has marked as solved was seen several times in a file of this "
        "change. If the change mends it: `git kagura error solve ID TEXT`."
    ),
}
