"""Parameters that only say how a reader came: what newsletters, networks and advertisers hang on links."""

from __future__ import annotations

import re

TRACKING = re.compile(
    r"""(?:utm|at|ns|hsa|mtm|pk|piwik|gad)_.*|wt\.?_?z?mc.*|wt\..*
    |fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id|mc_[ce]id|mkt_tok
    |oly_(?:anon|enc)_id|vero_(?:id|conv)|_{1,2}hs(?:enc|mi|tc|fp|sc)|hsctatracking|_g[al]|s_cid|s_kwcid|cmpid|cmp|emc|smid|smtyp
    |ocid|ito|xtor|icid|ncid|ftag|guccounter|guce_referrer(?:_sig)?|rss_id|feedsource|srsltid|mibextid|ref_src""",
    re.IGNORECASE | re.VERBOSE,
)  # the whole name
