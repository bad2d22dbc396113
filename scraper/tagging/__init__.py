"""The parts of the tagger: tokens, phrases, rules, organisations, places, figures, languages. All pure."""
