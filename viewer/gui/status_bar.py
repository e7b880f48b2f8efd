"""The foot of the window: the job that runs, what a model ran on, and that nothing here is for diagnosis."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QMenu, QProgressBar, QPushButton, QStatusBar

from viewer.gui.language import said, tr
from viewer.gui.overlay import NOT_FOR_DIAGNOSIS
from viewer.jobs import Job, JobQueue

_SHOW_JOB_AFTER_MS = 300  # shorter jobs would only flicker
_NOTICE_MS = 8000


class StatusBar(QStatusBar):
    """Shows the job that was begun last of those that run, with a button that cancels it, and a menu of the others."""

    def __init__(self, jobs: JobQueue) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self._jobs: list[Job] = []
        self.job_text = QLabel()
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedWidth(150)
        self._progress.setRange(0, 1000)
        self.cancel_job = QPushButton(tr("Cancel"))
        self.cancel_job.clicked.connect(self._cancel_job)
        self.jobs_menu = QMenu(self)
        self.all_jobs = QPushButton()
        self.all_jobs.setToolTip(tr("All that runs or waits; choose what to cancel"))
        self.all_jobs.setAccessibleName(self.all_jobs.toolTip())
        self.all_jobs.setMenu(self.jobs_menu)
        self.jobs_menu.aboutToShow.connect(self._fill_jobs_menu)
        for button in (self.cancel_job, self.all_jobs):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # once it is gone, keys would be typed into the next field
        self._timer = QTimer(self, singleShot=True, interval=_SHOW_JOB_AFTER_MS)
        self._timer.timeout.connect(self._show_job)
        self._device = QLabel()
        self._device.setToolTip(tr("What the last model really ran on, as the engine reports it"))
        self.saving = QLabel(tr("Saving…"))
        self.saving.setToolTip(tr("The disk is slow: your last changes are not written yet"))
        self.saving.hide()
        warning = QLabel(tr(NOT_FOR_DIAGNOSIS))
        warning.setProperty("warning", True)
        for widget in (self.job_text, self._progress, self.cancel_job, self.all_jobs):
            self.addWidget(widget)
            widget.hide()
        self.addPermanentWidget(self.saving)
        self.addPermanentWidget(self._device)
        self.addPermanentWidget(warning)
        self.messageChanged.connect(self._message_changed)
        jobs.subscribe(self._job_changed)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Those that run or wait, in the order of their beginning."""
        return tuple(self._jobs)

    @property
    def fraction(self) -> float:
        """How far the job that is shown is, 0 to 1; 0 with none."""
        return self._shown.fraction if self._shown is not None else 0.0

    @property
    def _shown(self) -> Job | None:
        """The last that runs; of those that wait only where none does."""
        running = [job for job in self._jobs if job.state == "running"]
        return (running or self._jobs or [None])[-1]

    def notify(self, sentence: str) -> None:
        """Show a sentence for some seconds."""
        self.showMessage(sentence, _NOTICE_MS)

    def show_device(self, device: str) -> None:
        """Say what the last model ran on; nothing without one."""
        self._device.setText(tr("AI on {device}").format(device=device) if device else "")

    def _job_changed(self, job: Job) -> None:
        if job.ended:
            self._jobs = [other for other in self._jobs if other is not job]
            if not self._jobs:
                self._timer.stop()
            self._show_job()
        elif job not in self._jobs:
            self._jobs.append(job)
            self._timer.start()
        elif not self._timer.isActive():
            self._show_job()

    def _message_changed(self, text: str) -> None:
        if not self._timer.isActive():
            self._show_job()

    def _show_job(self) -> None:
        job, several = self._shown, len(self._jobs) > 1
        for widget in (self.job_text, self._progress, self.cancel_job):
            widget.setVisible(job is not None and not self.currentMessage())  # they would lie over each other
        self.all_jobs.setVisible(several and not self.currentMessage())
        if job is not None:
            self.all_jobs.setText(f"+{len(self._jobs) - 1}")
            title, text = said(job.title), said(job.text) if job.text else ""
            doing = tr("{title}: {text}").format(title=title, text=text) if text else title
            self.job_text.setText(doing)
            self._progress.setRange(0, 1000 if job.fraction > 0 else 0)  # 0: busy, nobody knows for how long
            self._progress.setValue(round(1000 * job.fraction))

    def _cancel_job(self) -> None:
        if self._shown is not None:
            self._shown.cancel()

    def _fill_jobs_menu(self) -> None:
        self.jobs_menu.clear()
        for job in self._jobs:
            words = tr("Cancel: {title}") if job.state == "running" else tr("Cancel what waits: {title}")
            self.jobs_menu.addAction(words.format(title=said(job.title)), job.cancel)
        self.jobs_menu.addSeparator()
        self.jobs_menu.addAction(tr("Cancel all"), self._cancel_all)

    def _cancel_all(self) -> None:
        for job in reversed(self._jobs):  # what waits first: else it would begin
            job.cancel()
