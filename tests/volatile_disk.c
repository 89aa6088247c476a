/*
 * A disk for one server that keeps, over a power cut, what was synced and nothing else.
 *
 * It is put in front of a server with LD_PRELOAD. fsync and fdatasync do nothing but take their time, and note in
 * DISK_LOG what is durable from then on: of a file its number and size ("F number size"), of a folder its names with
 * the numbers of their files ("D name number name number ..."). Size and names are those at the beginning of the
 * call: what is written while it runs is not promised. Each file is also linked into DISK_KEEP under its number, so
 * that it outlives its removal and its number is given to no other. volatile_disk.py reads all this.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST 65536

static void keep(int fd, unsigned long long number) {
    char from[64], to[4096];
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    snprintf(to, sizeof to, "%s/%llu", getenv("DISK_KEEP"), number);
    linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW); /* it may be there already, or be removed already */
}

static int names_in(int fd, char *line) {
    char path[64];
    int length = snprintf(line, LONGEST, "D");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (entry->d_type == DT_REG)
            length += snprintf(line + length, LONGEST - length, " %s %llu", entry->d_name,
                               (unsigned long long)entry->d_ino);
    if (folder) closedir(folder);
    return length + snprintf(line + length, LONGEST - length, "\n");
}

static int sync_it(int fd) {
    struct stat found;
    char line[LONGEST];
    int length;
    if (fstat(fd, &found)) return -1;
    if (S_ISDIR(found.st_mode)) {
        length = names_in(fd, line);
    } else {
        keep(fd, found.st_ino);
        length = snprintf(line, sizeof line, "F %llu %lld\n", (unsigned long long)found.st_ino,
                          (long long)found.st_size);
    }
    usleep(atoi(getenv("DISK_MICROSECONDS")));
    int log = open(getenv("DISK_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log < 0 || write(log, line, length) != length) abort();
    return close(log);
}

int fsync(int fd) { return sync_it(fd); }
int fdatasync(int fd) { return sync_it(fd); }
