"""Tokens and key sets, good and bad, for the unit tests of what we believe: made by PyPI's joserfc and cryptography, so that
no code of ours has a part in them. Prints one JSON object; Tests/OrreryCryptoTests/IndependentTokens.swift reads it.

Every row has the id of the rule that it is about, and the verdict: `claims` when the token is to be believed, otherwise
the kind of error. Everything else about a bad token is as it should be, its signature above all.
"""
import json

import claims
import headers
import keys
import shape

if __name__ == "__main__":
    sets, rows = {}, []
    for chapter in (shape, headers, keys, claims):
        chapter.make(sets, rows)
    print(json.dumps({"now": claims.NOW, "sets": sets, "rows": rows}))
