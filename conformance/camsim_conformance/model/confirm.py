"""stub to be replaced at the merge"""


def to_send_again(judgement: object) -> list[str]:
    return []
