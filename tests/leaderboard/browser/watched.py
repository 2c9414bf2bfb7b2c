"""Watches a page for all that a page of the leaderboard never does."""

from mibench.leaderboard.pages import STATIC

OWN_SCRIPTS = {path.name for path in STATIC.glob("*.js")}


class Watch:
    """Collects what a page does wrong.

    A request to anywhere outside the site, or for a script that is neither the site's own nor data of it; a request
    that fails; an error or a warning on the console; an exception; a dialog, a new window, a download.
    """

    def __init__(self, page, root):
        self.root, self.faults, self._page = root.rstrip("/"), [], page
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(f"exception: {error}"))
        page.on("dialog", self._dialog)
        page.on("popup", lambda popup: self._note(f"new window: {popup.url}"))
        page.on("download", lambda download: self._note(f"download: {download.url}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _note(self, fault):
        self.faults.append(f"{self._page.url.removeprefix(self.root)}: {fault}")

    def _console(self, message):
        if message.type in ("error", "warning", "assert"):
            self._note(f"console: {message.text}")

    def _dialog(self, dialog):
        self._note(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request):
        inside = request.url.startswith(f"{self.root}/") and ".." not in request.url
        place = request.url.removeprefix(f"{self.root}/").partition("#")[0]
        known = place in OWN_SCRIPTS or (place.startswith("data/") and place.endswith(".js"))
        if not inside or (request.resource_type == "script" and not known):
            self._note(f"request: {request.url}")

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # by going to another page
            self._note(f"failed: {request.url} {request.failure}")

    def _response(self, response):
        if response.status >= 400:
            self._note(f"status {response.status}: {response.url}")
