import '../helpers/over-ssh';
import './local-host-argv.test';
