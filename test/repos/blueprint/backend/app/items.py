from fastapi import APIRouter

router = APIRouter(prefix="/items", tags=["items"])


@router.get("")
def list_items():
    return []


@router.post("")
def add_item(title: str):
    return {"title": title}


@router.delete("/{item_id}")
def remove_item(item_id: int):
    return {"id": item_id}
