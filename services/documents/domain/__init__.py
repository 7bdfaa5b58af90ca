"""Pure decisions of documents: what a paper is called, and how its party's name is found again."""
