from fastapi import APIRouter

router = APIRouter()


@router.get("/letters/{letter_id}")
def letter(letter_id: int):
    return letter_id
