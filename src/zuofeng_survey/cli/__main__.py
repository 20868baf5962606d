"""Let ``python -m zuofeng_survey.cli`` run the command line."""

from . import main

main()
