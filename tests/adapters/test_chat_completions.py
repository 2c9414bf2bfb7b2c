import pytest
from PIL import Image

from mibench.adapters.chat_completions import data_url, error_message, messages


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": {"message": "no", "code": 1}}', "no"),
        (b'{"error": "no"}', "no"),
        (b'{"object": "error", "message": "no"}', "no"),
        (b'{"detail": "no"}', "no"),
        (b'{"detail": [{"loc": ["seed"]}]}', '{"detail": [{"loc": ["seed"]}]}'),
        (b'{"error": {"message": null}}', '{"error": {"message": null}}'),
        (b"<h1>no</h1>", "<h1>no</h1>"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        (b"[" * 10**5, "[" * 10**5),
        (b"", ""),
    ],
)
def test_an_error_is_found_where_servers_put_it(body, expected):
    assert error_message(body) == expected


def test_a_jpeg_with_more_pictures_behind_it_is_a_jpeg(tmp_path):
    path = tmp_path / "pictures.mpo"
    Image.new("RGB", (4, 4)).save(path, "MPO", save_all=True, append_images=[Image.new("RGB", (4, 4), "red")])
    with Image.open(path) as file:
        assert file.format == "MPO"
    assert data_url(str(path)).startswith("data:image/jpeg;base64,")


def test_a_question_without_a_picture_is_plain_text():
    assert messages("Is it?", None, system="", position="before") == [{"role": "user", "content": "Is it?"}]
