"""How common words are in the trade press.

For speed only: it decides which words are looked for first, never what is found.
"""

# How many of a thousand items hold the word, at least.
_CLASSES = {
    300: ("a and for in is of on the to with"),
    150: ("an are as at by from has it its more new was you"),
    80: ("2 after been can first game games his like not now one out t their time up year"),
    40: (
        "1 3 4 ai announced back being best big company could day down fans film her here into last made make movie "
        "next no off over people play players release review says season series set show star story tv two us video "
        "were work world"
    ),
    20: (
        "10 5 6 according action actor actors against amazon because behind biggest black book called character co "
        "come comes coming d days deal developer director disney don during early end event family final former four "
        "free full future gaming go good great high him hit hollywood home image industry latest live london long m "
        "making man media music my netflix news night nintendo online original own part playstation plus post return "
        "revealed right sale say second shows since streaming strike studio studios take team them three times today "
        "trailer uk use version w watch writers x xbox"
    ),
    10: (
        "100 11 30 40 7 8 9 actress aftra aged album america american amid among apple art artificial artist artists "
        "author award awards bad band bbc better beyond bit blizzard books box bring british bros build business came "
        "cast cd changes characters chatgpt check children city classic close cnet collection comedy community "
        "console content course create created creator culture dark david dead deals developers development digital "
        "documentary drama due edition employees entertainment epic episode evil face fan features festival fi films "
        "gate global goes group guild hard hbo head heart host hours house human images intelligence interview james "
        "keep late layoffs let line list lost makes march mario marvel members microsoft mode model modern movies "
        "national novel o office open openai order pass pay performance person photo picture pictures plans platform "
        "player playing point pokémon pop popular president production project ps5 public put record red releases "
        "report reported reports reveal reveals role rpg run sag save screen secret seen sequel service seven shared "
        "short side singer single six song sony space special staff stage stars start starting statement steam store "
        "stories strikes summer super support switch system talks tech technology television tell theatre third title "
        "together told turn twitter union users using variety via voice war west white without working writer york"
    ),
    6: (
        "13 17 24 25 60 account accused act activision adaptation agreement air angeles animated anime announces app "
        "appearance australia b blue board body boy britain campaign cards century channel chapter child cinema class "
        "com comic companies concert consoles contract cost court creative cut cuts daily dance data de deep delayed "
        "design direct dlc dog dragon drop dropped e ending english entire episodes era evening executive explained "
        "faces fast feels financial fire focus force form fox french galaxy gamespot general generated giant google "
        "government grand guardian hall health held ign indie interactive international island job jobs join kids "
        "king kingdom language large lawsuit leave leaving legal legendary lets level light limited local los magic "
        "maker mark market massive max michael minutes mission mobile models moment morning mother motion moving "
        "multiplayer museum musical near network nine north nvidia offer offers ongoing opening oscar paul plan "
        "platforms podcast police polygon potential premiere press prime prize pro probably process producer "
        "producers publisher radio rare ready reality resident returns ring rise road rock room round royal sales sam "
        "saturday scenes school sci self selling services shooter showcase sign songs sound south speaking street "
        "striking survival table talk tells theaters thousands thriller tools total tour track trump u ubisoft "
        "ukraine universe valve warfare warner ways wga win workers writing written"
    ),
    4: (
        "300 4k 500 academy acting ad affected alliance amd anti arts audio australian baby believe bethesda bill bob "
        "broadcast bungie celebrity centre certain cloud club code comedian competition confirms controller costs "
        "cover creation creators crew crisis cross dc deadline deck dev devs discovery display double dream drive ea "
        "east effect ends energy european fair featured figures filed filled filming finds fine gen generative golden "
        "gun haven hidden hot hundreds joined joins jones journalist la laid law league learning lee library ma "
        "machine martin mass matter member met meta monster moon musician narrative negotiations nigeria novels op "
        "opera oscars page paramount paris park partner parts per photos plot powered presenter private projects "
        "publishing reach reporter rest reviews rights robert roku roles russia russian search shadow shares software "
        "spoke sports spotify square standard stephen teams teaser text theme themselves tiktok tool trade train user "
        "versions viral virtual warning wave website winner word worldwide write yourself youtube za"
    ),
}
_PER_THOUSAND = {word: count for count, words in _CLASSES.items() for word in words.encode().split()}


def commonness(word: bytes) -> int:
    """How many of a thousand items hold the word, at least; 1 for all but the commonest."""
    return _PER_THOUSAND.get(word, 1)
