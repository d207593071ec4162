"""amid.service under a real systemd."""

import datetime
import re

from conftest import CREDSTORE
from harness import REGION, tags_of


def drop_in(machine, text):
    machine.write("/etc/systemd/system/amid.service.d/test.conf", f"[Service]\n{text}\n")
    machine.run("systemctl", "daemon-reload")


def in_seconds(seconds):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return f"at({when:%Y-%m-%dT%H:%M:%S})"


# ---- installed as it should be -----------------------------------------------------------------


def test_exposure_level(machine):
    """At most 1.2, by systemd's own measure. The rest is what amid is for: the network, and to know
    who an operator is: with PrivateUsers=yes, worth 0.1, the kernel does not tell."""
    text = machine.run("systemd-analyze", "security", "--no-pager", "amid.service", status=0)
    level = float(re.search(r"Overall exposure level for amid.service: ([\d.]+)", text)[1])
    assert level <= 1.2


def test_secrets_stay_in_memory(machine):
    """No core dump, and no file that others could read."""
    shown = machine.run("systemctl", "show", "amid", "-p", "LimitCORE", "-p", "UMask", status=0)
    assert sorted(shown.split()) == ["LimitCORE=0", "UMask=0077"]


def test_the_unit_is_valid(machine):
    assert machine.run("systemd-analyze", "verify", "--man=no", "amid.service") == ""


def test_its_memory_is_bounded(service):
    """A daemon that grows without end is killed and goes on; the machine stays as it is."""
    assert service.property("MemoryMax") == str(2 << 30)


def test_the_catalog_is_known(machine):
    listed = machine.run("journalctl", "--list-catalog", "-q")
    assert len([line for line in listed.splitlines() if " amid: " in line]) > 0


def test_installing_again_keeps_settings(machine, service):
    from conftest import install

    machine.write("/etc/amid/amid.yaml", "# mine\n")
    install(machine.root)
    assert machine.run("cat", "/etc/amid/amid.yaml") == "# mine\n"


# ---- start, status, a firing -------------------------------------------------------------------


def test_start_tells_when_it_is_ready(service):
    service.start()
    assert service.property("ActiveState") == "active"
    assert "1 schedule" in service.property("StatusText")
    assert service.property("User") == "amid"
    assert "web" in service.amictl("status")


def test_bad_settings_do_not_start(machine, service):
    machine.write("/etc/amid/amid.yaml", "version: 1\nschedules: {web: {shedule: rate(1 day)}}\n")
    drop_in(machine, "Restart=no")
    machine.run("systemctl", "start", "amid", status=1)
    assert any("/etc/amid/amid.yaml:2:" in line for line in service.messages())


def test_settings_that_anybody_may_write_do_not_start(machine, service):
    """Also in the namespaces of the unit, where most users are nobody."""
    machine.run("chmod", "666", "/etc/amid/amid.yaml")
    drop_in(machine, "Restart=no")
    try:
        machine.run("systemctl", "start", "amid", status=1)
        says = "/etc/amid/amid.yaml has mode 0666: everybody may change it; chmod o-w /etc/amid/amid.yaml"
        assert any(says in line for line in service.messages())
    finally:
        machine.run("chmod", "644", "/etc/amid/amid.yaml")


def test_a_firing_makes_an_image(service):
    [instance] = service.account.launch(Backup="yes")
    service.write(in_seconds(3))
    service.start()
    service.wait(lambda: service.account.images(), "an image")
    service.wait(lambda: service.journal(f"AMID_INSTANCE={instance}"), "a line about the instance")
    [image] = service.account.images()
    assert tags_of(image)["amid:schedule"] == "web"

    def lines():
        return service.journal(f"AMID_IMAGE={image['ImageId']}")

    entry = service.wait(lines, "a line about the image")[-1]
    assert entry["AMID_SCHEDULE"] == "web"
    assert entry["AMID_INSTANCE"] == instance
    assert entry["AMID_REGION"] == "us-east-1"
    assert re.fullmatch("[0-9a-f]{32}", entry["MESSAGE_ID"])
    explained = service.machine.run("journalctl", "-q", "-x", f"AMID_IMAGE={image['ImageId']}")
    assert "Defined-By: amid" in explained
    secret = service.account.keys[1]
    assert secret not in service.machine.run("journalctl", "-o", "export", "-u", "amid")


def test_starts_without_a_credentials_file(machine, service):
    """A missing file must not keep the daemon down: an instance role may give the keys."""
    machine.run("rm", "-f", CREDSTORE)
    service.start()
    assert service.property("ActiveState") == "active"


def test_the_state_is_private(machine, service):
    service.start()
    mode, owner = machine.run("stat", "-L", "-c", "%a %U", "/var/lib/amid/").split()
    assert mode == "700"
    assert machine.run("stat", "-c", "%a", "/var/lib/private/amid/amid.db").strip() == "600"


# ---- reload ------------------------------------------------------------------------------------


def test_reload_takes_good_settings(service):
    service.start()
    service.machine.write(
        "/etc/amid/conf.d/more.yaml",
        'schedules: {night: {schedule: "cron(0 3 * * ? *)", account: test, consistency: crash,'
        ' targets: {tags: {Night: "yes"}}}}\n',
    )
    service.machine.run("systemctl", "reload", "amid")
    assert "night" in service.amictl("status")


def test_reload_refuses_bad_settings_and_says_where(service):
    service.start()
    before = service.property("MainPID")
    service.write("cron(0 3 * * * *)")
    done = service.machine.try_run("systemctl", "reload", "amid")
    assert done.returncode != 0
    assert any("/etc/amid/amid.yaml:6:" in line for line in service.messages())
    assert service.property("MainPID") == before
    assert service.property("ActiveState") == "active"
    assert "2099" in service.amictl("status"), "the old schedule goes on"


# ---- trouble -----------------------------------------------------------------------------------


def test_the_watchdog_ends_a_daemon_that_hangs(machine, service):
    drop_in(machine, "WatchdogSec=2s\nRestartSec=100ms")
    service.start()
    before = service.property("MainPID")
    machine.run("kill", "-STOP", before)
    service.wait(
        lambda: service.property("MainPID") not in ("0", before)
        and service.property("ActiveState") == "active",
        "another process",
    )
    assert any("Watchdog timeout" in line for line in service.messages())


def test_the_watchdog_is_fed(machine, service):
    drop_in(machine, "WatchdogSec=2s")
    service.start()
    before = service.property("WatchdogTimestampMonotonic")
    service.wait(
        lambda: int(service.property("WatchdogTimestampMonotonic")) > int(before) + 3_000_000,
        "three seconds of watchdog messages",
    )


def test_killed_in_the_middle_it_goes_on(machine, service, timelines):
    timelines.course(snapshots=30)
    service.account.launch(Backup="yes")
    drop_in(machine, "RestartSec=100ms")
    service.start()
    service.amictl("run", "web")
    service.wait(lambda: service.account.images(), "an image")
    machine.run("systemctl", "kill", "-s", "KILL", "--kill-whom=main", "amid")
    timelines.clock.advance(60)
    service.wait(lambda: service.journal("AMID_SCHEDULE=web") and finished(service), "the end")
    assert len(service.account.images()) == 1
    assert sum(r.done for r in service.front.log("CreateImage")) == 1


def finished(service):
    done = service.machine.try_run("/usr/local/bin/amictl", "--json", "runs")
    return done.returncode == 0 and '"done"' in done.stdout


def test_stopped_in_the_middle_it_stops_well_and_goes_on(service, timelines):
    timelines.course(snapshots=30)
    service.account.launch(Backup="yes")
    service.start()
    service.amictl("run", "web")
    service.wait(lambda: service.account.images(), "an image")
    service.stop()
    assert service.property("Result") == "success"
    timelines.clock.advance(60)
    service.start()
    service.wait(lambda: finished(service), "the end")
    assert sum(r.done for r in service.front.log("CreateImage")) == 1


STOP = "consistency: stop\n    reboot: {settle: 1s, target_groups: ignore}"


def test_stopped_while_an_instance_is_it_starts_that_first(sim_service, sim):
    """`systemctl stop` comes when an instance is stopped for its image, and EC2 has no capacity for a
    while: the unit ends well, and not before the instance runs."""
    service = sim_service
    [one] = sim.fleet(1, tags={"Backup": "yes"}, region=REGION)
    sim.post("fault", kind="error", action="StartInstances", code="InsufficientInstanceCapacity")
    service.write("at(2099-01-01T00:00:00)", STOP)
    service.start()
    service.amictl("run", "web")

    def state():
        return sim.state()["instances"][0]["state"]

    service.wait(lambda: state() == "stopped", "an instance that is stopped")
    service.stop()
    assert state() in ("pending", "running")
    assert service.property("Result") == "success"
    assert [r["status"] for r in sim.log("StartInstances")] == [500, 200]
    assert [text for text in service.messages() if "InsufficientInstanceCapacity" in text]
    service.start()
    service.wait(lambda: finished(service), "the end")
    assert state() == "running"
    assert sim.state()["instances"][0]["outages"][0]["cause"] == "stop"
    assert len(sim.log("StopInstances")) == 1


def test_a_hostile_error_text_is_one_readable_entry_of_the_journal(service):
    text = "no\nforged line \u009b2J\u202e\u2028end"
    service.front.fault("CreateImage", "error", code="UnauthorizedOperation", status=403, message=text, times=99)
    service.account.launch(Backup="yes")
    service.start()
    service.amictl("run", "web")
    clean = r"no\nforged line \u009b2J\u202e\u2028end"
    service.wait(lambda: [line for line in service.messages() if clean in line], "the error")
    shown = service.machine.run("journalctl", "-q", "--no-pager", "-u", "amid")
    assert clean in shown
    assert "blob data" not in shown
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", shown)


# ---- who may ask -------------------------------------------------------------------------------


def as_user(machine, groups, *words):
    """Runs amictl as nobody's user with these supplementary groups."""
    how = ["setpriv", "--reuid=65533", "--regid=65533"]
    how += [f"--groups={groups}"] if groups else ["--clear-groups"]
    return machine.try_run(*how, "/usr/local/bin/amictl", *words)


def group_of(machine):
    return machine.run("getent", "group", "amid").split(":")[2]


def test_members_of_the_group_may_operate_and_others_may_not(machine, service):
    service.start()
    gid = group_of(machine)
    assert as_user(machine, gid, "pause", "web").returncode == 0
    assert as_user(machine, gid, "resume", "web").returncode == 0
    stranger = as_user(machine, "", "pause", "web")
    assert stranger.returncode == 3
    assert "Permission denied" in stranger.stderr
    assert machine.run("stat", "-L", "-c", "%a %G", "/run/amid").split() == ["750", "amid"]


def test_the_journal_says_who_asked_for_what(machine, service):
    """An operator who is in /etc/passwd, one who is not, and root."""
    service.start()
    gid = group_of(machine)
    machine.try_run("useradd", "--no-create-home", "--uid", "65531", "anna")
    how = ["setpriv", "--reuid=65531", "--regid=65531", f"--groups={gid}", "/usr/local/bin/amictl"]
    machine.run(*how, "pause", "web")
    assert as_user(machine, gid, "resume", "web").returncode == 0
    service.amictl("pause", "web")
    service.amictl("resume", "web")

    def asked():
        return [text for text in service.messages() if " asks: " in text]

    lines = service.wait(lambda: len(asked()) >= 4 and asked(), "four lines")
    patterns = [
        r'anna \(user 65531, process \d+\) asks: io.amid.Manager.Pause {"schedule":"web"}',
        r'User 65533 \(process \d+\) asks: io.amid.Manager.Resume {"schedule":"web"}',
        r"root \(user 0, process \d+\) asks: io.amid.Manager.Pause .*",
        r"root \(user 0, process \d+\) asks: io.amid.Manager.Resume .*",
    ]
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(pattern, line), line


def test_under_private_users_it_is_said_that_nobody_knows_who_asked(machine, service):
    drop_in(machine, "PrivateUsers=yes")
    service.start()
    assert as_user(machine, group_of(machine), "pause", "web").returncode == 0
    service.wait(lambda: [t for t in service.messages() if t.startswith("Somebody (process ")], "the line")
